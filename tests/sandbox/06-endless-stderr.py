# writes without end to stderr
# expect: OLE
# output: 200000
import sys
while True: sys.stderr.write("x" * 5000)
