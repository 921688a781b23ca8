#!/usr/bin/env python3
"""Writes vectors.jsonl: templates, variables, and what Jinja2 itself makes of them.

Run where python3-jinja2 is installed:  python3 tests/golden/template/make_vectors.py > tests/golden/template/vectors.jsonl
The environment is that of lm-evaluation-harness: StrictUndefined, trailing newline kept, plus its regex_replace filter.
"error": true means that Jinja2 refuses to render. The templates were written for this file.
"""
import json
import re
import sys

import jinja2

env = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
env.filters["regex_replace"] = lambda s, pattern, repl, count=0: re.sub(pattern, repl, s, count=count)

ROW = {
    "question": "What is 2 + 2?", "choices": ["three", "four", "five", "six"], "answer": 1, "label": "B", "empty": "",
    "none": None, "yes": True, "no": False, "pi": 3.14159, "big": 1234567, "neg": -7, "words": "  the quick  brown\tfox \n",
    "nested": {"a": {"b": ["x", "y", {"c": "deep"}]}, "list": [3, 1, 2]}, "ctx": "He is [title] a man.\nIt's \"so\".",
    "ko": "한국의 수도는 어디인가요?", "accents": "Élan vital, straße, ÀÉÎ, Ωμέγα, Привет", "people": [
        {"name": "Ann", "age": 31, "tags": ["a", "b"]}, {"name": "bob", "age": 25, "tags": []}, {"name": "Cy", "age": 31, "tags": ["z"]}],
    "nums": [1, 2.5, -3, 0], "strs": ["b", "A", "c", "a"], "json": "[1, 2]", "pct": "100%", "digits": "042", "tests": [{"input": "1\n", "output": "2\n"}],
}

GROUPS = {
    "text": ["plain", "", "line\n", "a\r\nb\rc", "{ not a tag }", "}} %}", "{{ question }}\n", "{{question}}", "  {{ question }}  "],
    "comment": ["a{# x #}b", "a {#- x -#} b", "{# {{ broken #}ok", "a\n{# c #}\nb", "{##}x"],
    "trim": ["a  {{- ' b ' -}}  c", "a\n {%- if yes %} x {%- endif %}\n b", "{% if yes -%}  x  {%- endif %}", "a {%+ if yes +%} b {% endif %}",
             "{%- for c in choices -%} {{ c }} {%- endfor -%}", "x \n\t{{- 1 }}", "{{ 1 -}}\n\n y", "a{%- set q = 1 -%}   b", "a \n{%- raw -%} {{ x }} {%- endraw -%} b"],
    "raw": ["{% raw %}{{ x }}{% if %}{% endraw %}", "{% raw %}\n{% endraw %}|"],
    "literal": ["{{ 1 }}", "{{ 1.5 }}", "{{ 1.0 }}", "{{ 1e3 }}", "{{ 1e16 }}", "{{ 1e-5 }}", "{{ 0.1 + 0.2 }}", "{{ 'a' }}", '{{ "it\'s" }}', "{{ 'x\\ty' }}",
                "{{ 'a\\\\n' }}", "{{ 'q\\'q' }}", "{{ '\\x41\\u00e9' }}", "{{ 'a' 'b' }}", "{{ true }} {{ True }} {{ false }} {{ none }} {{ None }}", "{{ [1, 'a', none, true] }}",
                "{{ {'a': 1, 'b': [2]} }}", "{{ [] }}{{ {} }}", "{{ 'a\\qb' }}", "{{ 100_000 }}", "{{ \"\" }}|", "{{ ['it\\'s', \"q\\\"\", 'b\\\\s', 'n\\n', '한'] }}", "{{ {'k': {'z': 1}} }}",
                "{{ 123456789.123 }}", "{{ 1e22 }}", "{{ 2.5e-7 }}"],
    "arith": ["{{ 1 + 2 * 3 }}", "{{ (1 + 2) * 3 }}", "{{ 7 / 2 }}", "{{ 8 / 2 }}", "{{ 7 // 2 }}", "{{ -7 // 2 }}", "{{ -7 % 3 }}", "{{ 7 % -3 }}", "{{ 7.5 % 2 }}", "{{ -7.5 // 2 }}", "{{ 2 ** 10 }}",
              "{{ 2 ** -1 }}", "{{ -2 ** 2 }}", "{{ 2 ** 3 ** 2 }}", "{{ 1 - - 1 }}", "{{ +5 }}", "{{ 'a' + 'b' }}", "{{ 'a' * 3 }}", "{{ 3 * 'ab' }}", "{{ [1] + [2] }}", "{{ [0] * 3 }}", "{{ 1 ~ 'a' ~ 2.0 ~ none }}",
              "{{ 1 + 2 ~ 3 + 4 }}", "{{ 2 * 3 ~ 1 }}", "{{ true + 1 }}", "{{ 'a' + 1 }}", "{{ 1 / 0 }}", "{{ 1 % 0 }}", "{{ 5 - 2 - 1 }}", "{{ 100 / 10 / 5 }}", "{{ 2 * 'x' + 'y' }}", "{{ 1.5 + 1 }}", "{{ 3 - 0.5 }}",
              "{{ 10 // 3 * 3 }}", "{{ -big }}", "{{ 'ab' * -1 }}|", "{{ neg * neg }}", "{{ 'x' * 0 }}|"],
    "compare": ["{{ 1 == 1.0 }}", "{{ 'a' == 'b' }}", "{{ 1 != '1' }}", "{{ 1 < 2 < 3 }}", "{{ 1 < 2 > 3 }}", "{{ 'a' < 'b' }}", "{{ [1, 2] < [1, 3] }}", "{{ none == none }}", "{{ true == 1 }}", "{{ 3 >= 3 }}", "{{ 'x' in 'xyz' }}",
                "{{ 'four' in choices }}", "{{ 'a' in nested }}", "{{ 5 not in [1, 2] }}", "{{ not 'q' in 'xyz' }}", "{{ 1 < 'a' }}", "{{ 1 in 'a' }}", "{{ [1] == [1.0] }}", "{{ {'a': 1} == {'a': 1} }}", "{{ 'four' == choices[answer] }}",
                "{{ none < 1 }}", "{{ 2 > 1 == true }}", "{{ '' in 'abc' }}", "{{ 1 in {'a': 1} }}"],
    "logic": ["{{ 1 and 2 }}", "{{ 0 or 'x' }}", "{{ not 0 }}", "{{ '' or none }}", "{{ yes and not no }}", "{{ [] and 1 }}", "{{ 'a' if yes else 'b' }}", "{{ 'a' if no else 'b' if yes else 'c' }}", "{{ 'a' if yes }}", "{{ 'a' if no }}",
              "{{ 1 if 0 or 1 and 0 else 2 }}", "{{ not yes or yes }}", "{{ undefined_name or 1 }}", "{{ yes or undefined_name }}", "{{ (1 if yes else 2) + 10 }}", "{{ not not yes }}"],
    "access": ["{{ nested.a.b[0] }}", "{{ nested['a']['b'][2].c }}", "{{ nested.a.b.1 }}", "{{ choices[-1] }}", "{{ choices[9] }}", "{{ nested.missing }}", "{{ nested.missing.more }}", "{{ missing }}", "{{ label[0] }}", "{{ ko[0] }}{{ ko[-1] }}",
               "{{ people[0].name }}", "{{ people[1]['age'] }}", "{{ 'ABCD'[answer] }}", "{{ choices[answer] }}", "{{ choices['x'] }}", "{{ none.x }}", "{{ question.nothing }}", "{{ [1,2,3][1] }}", "{{ {'a': 5}.a }}", "{{ {'a': 5}['a'] }}", "{{ tests[0].input }}|",
               "{{ choices[true] }}", "{{ label[5] }}"],
    "slice": ["{{ choices[1:3] }}", "{{ choices[:2] }}", "{{ choices[2:] }}", "{{ choices[:] }}", "{{ choices[::2] }}", "{{ choices[::-1] }}", "{{ question[0:4] }}", "{{ question[-5:] }}", "{{ ko[1:3] }}", "{{ ko[::-1] }}", "{{ choices[-2:] }}", "{{ choices[5:] }}",
              "{{ question[:-1] }}", "{{ choices[3:1] }}", "{{ 'abcdef'[4:1:-1] }}", "{{ 'abcdef'[::3] }}", "{{ choices[-9:2] }}", "{{ 'abc'[1:99] }}", "{{ 'abc'[::0] }}", "{{ 'abcdef'[-2::-2] }}", "{{ 'abc'[:none] }}", "{{ 5[1:] }}"],
    "if": ["{% if yes %}a{% endif %}", "{% if no %}a{% else %}b{% endif %}", "{% if no %}a{% elif yes %}b{% else %}c{% endif %}", "{% if no %}a{% elif no %}b{% elif no %}c{% else %}d{% endif %}", "{% if empty %}a{% endif %}|", "{% if answer == 1 and label == 'B' %}ok{% endif %}",
           "{% if missing is defined %}a{% else %}b{% endif %}", "{% if missing %}a{% endif %}", "{% if yes %}{% if no %}x{% else %}y{% endif %}{% endif %}", "{% if none is none %}n{% endif %}", "{% if choices %}c{% endif %}", "{% if nested.a is defined and nested.q is not defined %}k{% endif %}",
           "{% if 'x' not in question %}z{% endif %}", "{% if yes %}\n a\n{% endif %}\nb"],
    "for": ["{% for c in choices %}{{ c }},{% endfor %}", "{% for c in choices %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }};{% endfor %}", "{% for c in [] %}x{% else %}none{% endfor %}", "{% for c in choices %}{{ 'ABCD'[loop.index0] }}. {{ c }}\n{% endfor %}",
            "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }} {% endfor %}", "{% for a, b in [[1, 2], [3, 4]] %}{{ a }}-{{ b }} {% endfor %}", "{% for c in choices if c != 'four' %}{{ loop.index }}{{ c }} {% endfor %}", "{% for i in range(3) %}{{ i }}{% endfor %}", "{% for i in range(2, 9, 3) %}{{ i }}{% endfor %}",
            "{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}", "{% for c in 'abc' %}{{ c }}.{% endfor %}", "{% for k in nested %}{{ k }} {% endfor %}", "{% for a in [1, 2] %}{% for b in [1, 2] %}{{ a * b }}{{ loop.last }} {% endfor %}{{ loop.index }}|{% endfor %}", "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
            "{% for c in choices %}{% if not loop.first %}, {% endif %}{{ c }}{% endfor %}", "{% for c in choices %}{{ c }}{{ ', ' if not loop.last }}{% endfor %}", "{% for c in choices %}{{ c }}{{ ', ' if not loop.last else '.' }}{% endfor %}", "{% for c in 5 %}x{% endfor %}", "{% for a, b in [[1]] %}x{% endfor %}", "{% for p in people %}{{ p.name }}:{{ p.tags | length }} {% endfor %}",
            "{% for c in choices %}{{ loop.revindex }}{{ loop.revindex0 }} {% endfor %}", "{% for c in choices %}{{ loop.previtem if not loop.first else '-' }}>{{ c }} {% endfor %}", "{% for i in range(0) %}x{% else %}e{% endfor %}", "{% for i in range(3) -%}\n {{ i }}\n{%- endfor %}", "{{ loop }}", "{% for c in choices[1:] %}{{ c }} {% endfor %}",
            "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}", "{% for i in range(2) %}{{ i }}{% endfor %}{{ i }}", "{% for (k, v) in nested.items() %}{{ k }} {% endfor %}", "{% for k in nested.keys() %}{{ k }}{% endfor %}{% for v in {'a': 3}.values() %}{{ v }}{% endfor %}"],
    "set": ["{% set a = 1 %}{{ a }}", "{% set a, b = [1, 2] %}{{ a }}{{ b }}", "{% set a = choices[answer] %}{{ a | upper }}", "{% set t %}x{{ 1 + 1 }}y{% endset %}{{ t }}|{{ t | length }}", "{% if yes %}{% set a = 5 %}{% endif %}{{ a }}", "{% set question = 'new' %}{{ question }}", "{% set l = [1] + [2] %}{{ l | sum }}", "{% set a = missing %}x",
            "{% set a = 'x' if no else 'y' %}{{ a }}", "{% set a = 1, 2 %}{{ a | length }}"],
    "test": ["{{ x is defined }}", "{{ question is defined }}", "{{ x is not defined }}", "{{ x is undefined }}", "{{ none is none }}", "{{ question is string }}", "{{ answer is string }}", "{{ answer is number }}", "{{ yes is number }}", "{{ nested is mapping }}", "{{ choices is sequence }}", "{{ question is sequence }}", "{{ 3 is odd }}{{ 4 is even }}",
             "{{ 9 is divisibleby 3 }}", "{{ 9 is divisibleby(2) }}", "{{ 1 is eq 1 }}", "{{ 2 is in [1, 2] }}", "{{ yes is true }}{{ no is false }}{{ 1 is true }}", "{{ pi is float }}{{ answer is integer }}{{ yes is integer }}{{ yes is boolean }}", "{{ not x is defined }}", "{{ x is defined and x.y }}", "{{ 1 + 2 is number }}",
             "{{ 'a' is lower }}{{ 'A' is upper }}{{ '1' is lower }}", "{{ choices is iterable }}", "{{ nested.zz is defined }}", "{{ nested.a.b[7] is defined }}", "{{ 'a' is string and 1 is number }}", "{{ 3 is gt 2 }}{{ 3 is le(3) }}", "{{ question is none }}", "{{ -7 is odd }}{{ -4 is even }}"],
    "method": ["{{ words.strip() }}|", "{{ words.lstrip() }}|", "{{ words.rstrip() }}|", "{{ 'xxaxx'.strip('x') }}", "{{ 'abcba'.lstrip('ab') }}", "{{ question.split() }}", "{{ 'a,b,,c'.split(',') }}", "{{ 'a,b,c'.split(',', 1) }}", "{{ words.split() }}", "{{ ' a  b c '.split(none, 1) }}", "{{ ''.split() }}{{ ''.split(',') }}", "{{ 'a-b-c'.rsplit('-', 1) }}",
               "{{ ctx.splitlines() }}", "{{ 'a\\nb\\r\\nc\\n'.splitlines() }}", "{{ ctx.replace('[title]', '') }}", "{{ 'aaa'.replace('a', 'b', 2) }}", "{{ 'ab'.replace('', '-') }}", "{{ ', '.join(choices) }}", "{{ ''.join(['a', 'b']) }}", "{{ ','.join([1]) }}", "{{ '-'.join('abc') }}", "{{ accents.lower() }}", "{{ accents.upper() }}", "{{ 'hello wORLD it\\'s'.title() }}", "{{ 'hELLO wORLD'.capitalize() }}",
               "{{ question.startswith('What') }}{{ question.endswith('?') }}{{ question.startswith('x') }}", "{{ choices.index('four') }}", "{{ choices.index('ten') }}", "{{ 'abcabc'.index('c') }}", "{{ 'abc'.find('z') }}{{ 'abc'.find('c') }}{{ 'abcabc'.rfind('b') }}", "{{ 'banana'.count('an') }}{{ [1, 1, 2].count(1) }}", "{{ nested.get('a').b[0] }}{{ nested.get('q') }}{{ nested.get('q', 5) }}",
               "{{ '12'.isdigit() }}{{ 'a1'.isdigit() }}{{ 'ab'.isalpha() }}", "{{ 'a b'.nothing() }}", "{{ 5.strip() }}", "{{ answer.strip() }}", "{{ '  한국 \u3000'.strip() }}|", "{{ question.upper().lower().title() }}", "{{ 'x'.join(['a', 'b', 'c'][1:]) }}", "{{ 'a.b.c'.split('.')[-1] }}", "{{ 'a'.split('') }}", "{{ 'ß'.upper() }}{{ 'straße'.title() }}", "{{ 'abc'.find('') }}", "{{ 'ab'.count('') }}"],
    "format": ["{{ '{} and {}'.format(1, 'b') }}", "{{ '{0}{1}{0}'.format('a', 'b') }}", "{{ '{x}'.format(x=5) }}", "{{ '{:.2f}'.format(pi) }}", "{{ '{:>6}|{:<6}|{:^6}'.format('a', 'b', 'c') }}", "{{ '{:05d}'.format(42) }}", "{{ '{:,}'.format(big) }}", "{{ '{{}}'.format() }}", "{{ '{:*^7}'.format('x') }}", "{{ '{:+d}'.format(3) }}", "{{ '{:.1%}'.format(0.256) }}", "{{ '{:x}'.format(255) }}",
               "{{ '%s and %d' % ('a', 5) }}", "{{ '%05.1f|%-5s|%5s' % (pi, 'a', 'b') }}", "{{ '%d%%' % 5 }}", "{{ '%s' % 'x' }}", "{{ '%s-%s' | format('a', 2) }}", "{{ '%.3f' | format(pi) }}", "{{ '{}'.format() }}", "{{ '%s %s' % ('a',) }}", "{{ '%s' % ('a', 'b') }}", "{{ '{:e}'.format(12345.678) }}", "{{ '{:g}'.format(0.0001) }}", "{{ '{:.3}'.format('abcdef') }}", "{{ '{:8.3f}|'.format(pi) }}",
               "{{ '{}'.format([1, 'a']) }}", "{{ '%(a)s' % {'a': 1} }}", "{{ '{:d}'.format('x') }}", "{{ '%03d' % 7 }}{{ '%+d' % 7 }}", "{{ '{:-08.2f}'.format(-3.14159) }}", "{{ '{:>4}'.format(3) }}{{ '{:4}|{:4}|'.format(3, 'a') }}", "{{ '%x' % 255 }}"],
    "filter": ["{{ choices | length }}{{ question | length }}{{ ko | length }}{{ nested | length }}", "{{ 5 | length }}", "{{ 5 | string + 'a' }}", "{{ choices | join(', ') }}", "{{ [1, 2, none] | join('-') }}", "{{ people | join('/', attribute='name') }}", "{{ '12' | int + 1 }}", "{{ '3.7' | int }}{{ 'x' | int }}{{ 'x' | int(9) }}{{ 3.9 | int }}{{ ' 7 ' | int }}", "{{ digits | int }}", "{{ '2.5' | float }}{{ 'q' | float }}{{ 3 | float }}",
               "{{ 'abc' | list }}", "{{ nested | list }}", "{{ 'a-b' | replace('-', '+') }}", "{{ 'aaa' | replace('a', 'b', 1) }}", "{{ choices | map('upper') | list }}", "{{ people | map(attribute='name') | join(',') }}", "{{ [' a ', 'b '] | map('trim') | list }}", "{{ ['1', '2'] | map('int') | sum }}", "{{ ['aa'] | map('replace', 'a', 'b') | list }}", "{{ words | trim }}|", "{{ 'xxax' | trim('x') }}", "{{ question | lower }}{{ question | upper }}",
               "{{ choices | first }}{{ choices | last }}{{ 'abc' | first }}{{ 'abc' | last }}", "{{ [] | first }}", "{{ [] | first is defined }}", "{{ missing | default('d') }}", "{{ empty | default('d') }}|{{ empty | default('d', true) }}", "{{ nested.q | default(7) }}", "{{ missing | d }}|", "{{ nums | sum }}{{ nums | max }}{{ nums | min }}", "{{ people | sum(attribute='age') }}", "{{ strs | sort | join }}", "{{ strs | sort(case_sensitive=true) | join }}",
               "{{ strs | sort(reverse=true) | join }}", "{{ people | sort(attribute='age') | map(attribute='name') | list }}", "{{ strs | unique | list }}", "{{ choices | reverse | list }}{{ 'abc' | reverse }}", "{{ -5 | abs }}{{ -2.5 | abs }}{{ (-5) | abs }}", "{{ 2.5 | round }}{{ 3.5 | round }}{{ pi | round(2) }}{{ 2.71 | round(1, 'ceil') }}{{ 2.79 | round(1, 'floor') }}", "{{ 'hello world it\\'s a-b (c)' | title }}", "{{ 'hELLO' | capitalize }}",
               "{{ [1, 2, 3, 4] | select('odd') | list }}{{ [1, 2, 3, 4] | reject('gt', 2) | list }}", "{{ people | selectattr('age', 'eq', 31) | map(attribute='name') | list }}{{ people | rejectattr('tags') | map(attribute='name') | list }}", "{{ {'a': 1} | items | list }}" if False else "{% for k, v in {'a': 1} | items %}{{ k }}{{ v }}{% endfor %}", "{{ [1, none, ''] | select | list }}", "{{ missing | upper }}", "{{ none | string }}|{{ none | upper }}", "{{ choices | join(', ') | upper | replace('FOUR', '4') }}",
               "{{ question | nosuch }}", "{{ pi | string }}{{ yes | string }}", "{{ 'A' ~ 1 | string ~ 'b' }}", "{{ 1 | string | length }}", "{{ [3, 1, 2] | sort | first }}", "{{ people | map(attribute='zz', default='-') | join }}", "{{ choices | count }}", "{{ nums | map('abs') | list }}", "{{ ['b', 'A'] | min }}{{ ['b', 'A'] | max }}", "{{ 12345 | round }}", "{{ [[1, 2], [3]] | map('length') | list }}", "{{ [[1, 2], [3]] | map('first') | list }}", "{{ nested.list | sort | join(' ') }}"],
    "regex": ["{{ ctx | regex_replace('\\\\[.*?\\\\]', '') }}", "{{ 'a1b22' | regex_replace('[0-9]+', '#') }}", "{{ 'a1b22' | regex_replace('[0-9]+', '#', 1) }}", "{{ 'abxd' | regex_replace('x*', '-') }}", "{{ 'John Smith' | regex_replace('(\\\\w+) (\\\\w+)', '\\\\2, \\\\1') }}", "{{ 'aB' | regex_replace('(?i)b', 'x') }}", "{{ 'k=v' | regex_replace('(?P<k>\\\\w)=(?P<v>\\\\w)', '\\\\g<v>=\\\\g<k>') }}", "{{ 'x' | regex_replace('(', 'y') }}",
              "{{ 'a b' | regex_replace('\\\\s', '\\\\n') }}", "{{ 'foobar' | regex_replace('(?<=foo)bar', 'X') }}", "{{ '한국 1' | regex_replace('\\\\w+', 'w') }}", "{{ 'ab' | regex_replace('', '.') }}", "{{ 'x' | regex_replace('x', '\\\\5') }}", "{{ 'aaa' | regex_replace('a$', 'b') }}", "{{ 'l1\\nl2' | regex_replace('(?m)^l', 'L') }}", "{{ 'a\\n' | regex_replace('\\\\Z', '!') }}", "{{ 'a.b' | regex_replace('.', 'x') }}"],
    "syntax": ["{{ }}", "{{ 1 + }}", "{{ 1", "{% if %}x{% endif %}", "{% if yes %}", "{% endif %}", "{% for x in %}{% endfor %}", "{% for in y %}{% endfor %}", "{{ (1 }}", "{{ [1 }}", "{{ 'abc }}", "{% nosuch %}", "{{ a b }}", "{{ 1 2 }}", "{# open", "{% raw %}x", "{{ {'a' 1} }}", "{% set 5 = 1 %}", "{{ x is nosuch }}", "{% else %}", "{{ choices[] }}", "{{ $x }}", "{{ a..b }}", "{{ 'a' | }}", "{% if yes %}a{% else %}b{% else %}c{% endif %}", "{{ -  }}", "{{ not }}", "{{ 1 if }}"],
    "real": ["Question: {{question.strip()}}\n{% for c in choices %}{{ 'ABCD'[loop.index0] }}. {{ c }}\n{% endfor %}Answer:", "{{question}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nD. {{choices[3]}}\nAnswer:", "{{['A', 'B', 'C', 'D'][answer]}}", "{{choices.index('five')}}", "{{ctx | regex_replace('\\\\[.*?\\\\]', '') | replace('  ', ' ') | trim}}", "{% set mapping = {'1': 'A', '2': 'B'} %}{{ mapping['2'] }}",
             "{{ people | map(attribute='name') | list }}", "{%- if nested.a is defined -%}\n{{ nested.a.b[0] }}\n{%- else -%}\nno\n{%- endif -%}", "{{ question.split(' ')[0] ~ ' ' ~ ko }}", "Choices:\n{% for key in choices %}{{ loop.index }}) {{ key }}{{ '\\n' if not loop.last else '' }}{% endfor %}", "{{ (question ~ ' ' ~ label).lower().replace('?', '').split() | length }}", "{{ [label, 'x'] | join(' or ') }}", "{{ choices | join('\\n- ') }}"],
}


def main():
    print(json.dumps({"source": f"Jinja2 {jinja2.__version__}, Python {sys.version.split()[0]}, tests/golden/template/make_vectors.py", "vars": ROW}, ensure_ascii=False))
    for group, templates in GROUPS.items():
        for i, text in enumerate(templates):
            case = {"id": f"{group}-{i + 1}", "template": text}
            try:
                case["out"] = env.from_string(text).render(**ROW)
            except Exception:  # whatever Jinja2 or Python says: it does not render
                case["error"] = True
            print(json.dumps(case, ensure_ascii=False))


if __name__ == "__main__":
    main()
