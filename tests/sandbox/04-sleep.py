# sleeps for ever
# expect: ILE
# wall: 0.7
import time
print("right answer", flush=True)
while True: time.sleep(1000)
