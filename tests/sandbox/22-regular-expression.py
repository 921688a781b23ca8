# a catastrophic pattern
# expect: TLE
# cpu: 0.5
import re
re.match(r"(a+)+$", "a" * 40 + "b")
