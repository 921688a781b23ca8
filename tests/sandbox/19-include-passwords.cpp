// error texts quote what they read
// expect: CE
// never: root:
#include "/etc/passwd"
#include "/etc/shadow"
#include "../../../../etc/passwd"
int main() {
    return 0;
}
