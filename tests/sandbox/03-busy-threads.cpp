// CPU time is the sum over threads
// expect: TLE
// cpu: 0.6
#include <thread>
#include <vector>
int main() {
    std::vector<std::thread> t;
    for (int i = 0; i < 8; i++)
        t.emplace_back([] {
            for (volatile long x = 0;; x = x + 1) {
            }
        });
    for (auto &x : t) x.join();
}
