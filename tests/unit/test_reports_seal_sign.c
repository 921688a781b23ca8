/* Signatures: the first vectors of RFC 8032 section 7.1; a changed type, hash, key or signature does not pass; key
 * files of the other kind are told apart. */
#include "reports/seal/seal_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support.h"

static void from_hex(const char *hex, unsigned char *out) {
    for (size_t i = 0; hex[2 * i]; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], 0};
        out[i] = (unsigned char)strtoul(two, NULL, 16);
    }
}

static void test_rfc8032(void **state) {
    static const struct {
        const char *seed, *public, *message, *signature;
    } V[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bb"
         "e24655141438e7a1"
         "00b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302"
         "aeeb00d291612bb0"
         "c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed"
         "28dc027beceea1ec"
         "40a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof V / sizeof *V; i++) {
        Err err = ERR_INIT;
        SealSecret *s;
        unsigned char seed[32], public[32], text[8], want[64], got[64];
        from_hex(V[i].seed, seed), from_hex(V[i].public, public), from_hex(V[i].message, text),
            from_hex(V[i].signature, want);
        Str bytes = {(const char *)text, strlen(V[i].message) / 2};
        assert_true(sign__from_seed(seed, &s, &err));
        assert_memory_equal(seal_secret_public(s)->key, public, 32);
        assert_true(sign__bytes(s, bytes, got, &err));
        assert_memory_equal(got, want, 64);
        assert_true(sign__check_bytes(seal_secret_public(s), bytes, got));
        got[10] ^= 1;
        assert_false(sign__check_bytes(seal_secret_public(s), bytes, got));
        seal_secret_close(s);
    }
}

static void test_hashes(void **state) {
    static const char A[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    static const char B[] = "f3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    Err err = ERR_INIT;
    SealSecret *s, *other;
    unsigned char seed[32] = {1}, signature[64];
    (void)state;
    assert_true(sign__from_seed(seed, &s, &err));
    seed[0] = 2;
    assert_true(sign__from_seed(seed, &other, &err));
    assert_true(sign_hash(s, "plan", A, signature, &err));
    assert_true(sign_check(seal_secret_public(s), "plan", A, signature));
    assert_false(sign_check(seal_secret_public(s), "verdict", A, signature));
    assert_false(sign_check(seal_secret_public(s), "plan", B, signature));
    assert_false(sign_check(seal_secret_public(other), "plan", A, signature));
    assert_false(sign_check(seal_secret_public(s), "plan", "e3b0", signature));
    assert_false(sign_hash(s, "", A, signature, &err));
    seal_secret_close(s);
    seal_secret_close(other);
}

static void test_files(void **state) {
    char dir[] = "/tmp/assay-sign-XXXXXX", name[64], seal[64], pub[80], key[80];
    Err err = ERR_INIT;
    SealPublic p, q;
    SealSecret *s = NULL;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(name, sizeof name, "%s/signer", dir);
    snprintf(seal, sizeof seal, "%s/auditor", dir);
    snprintf(pub, sizeof pub, "%s.pub", name);
    snprintf(key, sizeof key, "%s.key", name);
    assert_true(sign_keygen(name, &p, &err) && seal_keygen(seal, &q, &err));
    assert_true(sign_public_load(pub, &q, &err) && sign_secret_load(key, &s, &err));
    assert_memory_equal(q.key, p.key, 32);
    assert_string_equal(seal_secret_public(s)->id, p.id);
    assert_true(seal_key_file_is_open(pub) && !seal_key_file_is_open(key));
    seal_secret_close(s);
    assert_false(sign_secret_load(pub, &s, &err));
    assert_non_null(strstr(err.msg, "public half"));
    assert_false(seal_public_load(pub, &q, &err));
    assert_non_null(strstr(err.msg, "is a signing key; this needs a sealing key"));
    snprintf(pub, sizeof pub, "%s.pub", seal);
    assert_false(sign_public_load(pub, &q, &err));
    assert_non_null(strstr(err.msg, "is a sealing key; this needs a signing key"));
    assert_false(sign_keygen(name, &p, &err)); /* never overwritten */
    for (int i = 0; i < 4; i++) {
        snprintf(pub, sizeof pub, "%s.%s", i & 1 ? seal : name, i & 2 ? "pub" : "key");
        unlink(pub);
    }
    assert_int_equal(rmdir(dir), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rfc8032), cmocka_unit_test(test_hashes),
                                       cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
