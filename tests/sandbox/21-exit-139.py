# an exit code that looks like a signal
# expect: RE
# code: 139
import os
os._exit(139)
