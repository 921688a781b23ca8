# Arguments come in as JSON; what is printed is the answer.
import json
import math
import sys

arguments = json.load(sys.stdin)
days = 1 + math.ceil(arguments["distance_km"] / (800 if arguments.get("express") else 300))
print(json.dumps({"days": days}))
