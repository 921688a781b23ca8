# as a program would look up a host
# expect: OK
# says: done
import socket, urllib.request
for what in (lambda: socket.create_connection(("127.0.0.1", 22), 1), lambda: socket.getaddrinfo("example.org", 80),
             lambda: urllib.request.urlopen("http://127.0.0.1/", timeout=1)):
    try:
        what()
        print("ESCAPED")
    except OSError:
        pass
print("done")
