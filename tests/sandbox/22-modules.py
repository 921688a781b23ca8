# a module named like a standard one cannot be planted, os._exit ends cleanly, tracing sees only its own
# expect: OK
# says: done
import os, sys
for folder in (os.getcwd(), "/w", "/tmp"):
    try:
        open(folder + "/random.py", "w").write("print('ESCAPED')")
        print("ESCAPED", folder)
    except OSError:
        pass
if "" in sys.path or os.getcwd() in sys.path: print("ESCAPED path", sys.path)
sys.settrace(lambda *a: None)
import random, json, ctypes
print("done", flush=True)
os._exit(0)
