# starts other programs by every door that Python has
# expect: OK
# says: done
import os, subprocess
for what in (lambda: subprocess.run(["/helper", "probe"]), lambda: os.posix_spawn("/helper", ["/helper"], {}),
             lambda: os.forkpty(), lambda: subprocess.run("true", shell=True)):
    try:
        what()
        print("ESCAPED", what)
    except OSError as e:
        pass
if os.system("true") == 0: print("ESCAPED system")
print("done")
