# prints a number with more digits than the interpreter allows
# expect: RE
# err: digits
print(10 ** 100000)
