# recursion until the stack ends
# expect: RE MLE
# memory: 64
import sys
sys.setrecursionlimit(1 << 30)
def f(n): return [f(n + 1)]
f(0)
