"""Usage: korean.py FILE [NAME]...: fails if a Korean page, Markdown file or terminal's text says something in English.

Every word of three Latin letters or more counts, but for names: those given (of models, suites, checks, groups, as whole
words with their hyphens and slashes), names of methods and units, and what assay's own commands and files are called."""
import html, re, sys

KEPT = set("""assay run gate compare report rescore resume adaptive json html max_tokens JSON JavaScript SHA JUnit
Wilson Newcombe Clopper Pearson McNemar Holm Bonferroni Benjamini Hochberg Rogan Gladen Brier Cohen ECE mid commentary low medium high plain
UTC Esc run.db report.json report.html""".split())


def visible(text):
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.S)
    text = re.sub(r'<div lang="en">.*?</div>', " ", text, flags=re.S)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
    return html.unescape(re.sub(r"<[^>]*>", " ", text) + " ".join(spoken))


def main(path, names):
    text = open(path, encoding="utf-8").read()
    if path.endswith(".html"):
        text = visible(text)
    text = text.replace("\\", "").replace("\u2011", "-").replace("\u2060", "")
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(r"(?<![A-Za-z])" + re.escape(name) + r"(?![A-Za-z])", " ", text)
    text = re.sub(r"--[a-z-]+|[0-9a-f]{12,64}…?", " ", text)
    for m in re.finditer(r"[A-Za-z][A-Za-z._]{2,}", text):
        if m.group().strip("._") not in KEPT:
            sys.exit(f"{path}: '{m.group()}' in: …{' '.join(text[max(0, m.start() - 60):m.end() + 60].split())}…")


main(sys.argv[1], sys.argv[2:])
