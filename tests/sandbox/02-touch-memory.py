# touch memory until allocation fails
# expect: MLE
# memory: 48
x = [0]
while True: x = x + x
