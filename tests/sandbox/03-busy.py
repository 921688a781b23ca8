# a busy loop
# expect: TLE
# cpu: 0.4
while True: pass
