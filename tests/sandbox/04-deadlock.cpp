// two threads that wait for each other
// expect: ILE
// wall: 0.7
#include <mutex>
#include <thread>
#include <unistd.h>
std::mutex a, b;
int main() {
    std::thread t([] { a.lock(), usleep(50000), b.lock(); });
    b.lock(), usleep(50000), a.lock();
    t.join();
}
