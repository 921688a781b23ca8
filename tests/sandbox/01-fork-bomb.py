# fork without end
# expect: RE
# err: PermissionError
import os
while True:
    if os.fork() == 0: print("ESCAPED fork", flush=True)
