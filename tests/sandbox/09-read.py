# looks for the harness, its files and itself
# expect: OK
# says: ['main.py']
import os, sys
for path in ("/proc", "/etc/passwd", "/home", "/tmp", "/var", "/usr/bin/bwrap", "/usr/share", "/sys"):
    if os.path.exists(path): print("ESCAPED", path)
if os.path.exists("/proc/self"): print("ESCAPED proc")
print(os.listdir("/w"))
print(sorted(os.environ))
for name, value in os.environ.items():
    if "secret" in (name + value).lower(): print("ESCAPED", name)
