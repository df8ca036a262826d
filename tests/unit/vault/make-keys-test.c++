#include "daemon/vault/make-keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/vault/custody.h"
#include "daemon/vault/keyring-file.h"
#include "keys-for-tests.h"

namespace waas::vault {
namespace {

namespace fs = std::filesystem;

class MakeKeys : public testing::Test {
 protected:
  MakeKeys() {
    EXPECT_GE(sodium_init(), 0);
    std::string name = (fs::temp_directory_path() / "make-keys-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    top = name;
    folder = top / "credentials";
    publicFile = top / "vault.pub";
  }
  ~MakeKeys() override { fs::remove_all(top); }

  std::string make(const CustodyPlan& plan = {}) {
    KernelRandom random;
    return makeKeys(folder, publicFile, random, plan);
  }
  static std::string content(const fs::path& path) {
    std::ifstream in(path);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  static unsigned mode(const fs::path& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
  }
  size_t files() const {
    return static_cast<size_t>(
        std::distance(fs::recursive_directory_iterator(top), fs::recursive_directory_iterator()));
  }

  fs::path top, folder, publicFile;
};

TEST_F(MakeKeys, MakesAnInstallationThatLoads) {
  ASSERT_EQ(make(), "");
  EXPECT_EQ(mode(folder), 0700u);
  EXPECT_EQ(mode(folder / ROOT_CREDENTIAL_NAME), 0400u);
  EXPECT_EQ(mode(folder / KEYRING_NAME), 0400u);
  EXPECT_EQ(mode(publicFile), 0444u);
  EXPECT_EQ(files(), 4u) << "nothing temporary is left";
  EXPECT_EQ(content(folder / ROOT_CREDENTIAL_NAME).size(), 65u);

  Keyring keyring;
  ASSERT_EQ(loadKeyring(folder.c_str(), keyring), "");
  auto halves = VaultPublicKeys::parse(content(publicFile));
  ASSERT_TRUE(halves.has_value());
  EXPECT_EQ(halves->print(), keyring.publicKeys().print());
  EXPECT_EQ(keyring.keys().size(), PURPOSES);
}

TEST_F(MakeKeys, V37CustodiansHaveTheRecoveryKeyFromTheBeginningOn) {
  CustodyPlan plan{2, std::vector<PublicKey>(3)};
  std::vector<std::array<uint8_t, 32>> secrets(3);
  for (size_t i = 0; i < 3; i++) crypto_box_keypair(plan.custodians[i].data(), secrets[i].data());
  ASSERT_EQ(make(plan), "");
  Keyring keyring;
  ASSERT_EQ(loadKeyring(folder.c_str(), keyring), "");
  EXPECT_FALSE(keyring.newest(Purpose::RECOVERY).hasPrivate());

  Custody custody;
  for (size_t i = 0; i < 2; i++) {
    fs::path path = folder / ("custody-part-" + std::to_string(i + 1));
    EXPECT_EQ(mode(path), 0400u);
    std::string part = content(path);
    ASSERT_EQ(part.size(), SEALED_PART_BYTES);
    Octets plain(CUSTODY_BOX_MAGIC.size() + CUSTODY_PART_BYTES),
        give(CUSTODY_GIVE_MAGIC.begin(), CUSTODY_GIVE_MAGIC.end());
    ASSERT_EQ(crypto_box_seal_open(plain.data(), reinterpret_cast<const uint8_t*>(part.data()), CUSTODY_BOX_BYTES,
                                   plan.custodians[i].data(), secrets[i].data()),
              0);
    give.resize(give.size() + 8);
    ByteWriter(std::span(give).last(8)).u64(1000);
    give.insert(give.end(), plain.begin() + CUSTODY_BOX_MAGIC.size(), plain.end());
    Octets box(give.size() + SEALED_BOX_OVERHEAD);
    crypto_box_seal(box.data(), give.data(), give.size(), keyring.publicKeys().sealing.data());
    EXPECT_EQ(custody.take(keyring, box, 1000), i == 0 ? PartTaken::TAKEN : PartTaken::HELD);
  }
  EXPECT_TRUE(keyring.newest(Purpose::RECOVERY).hasPrivate());
}

TEST_F(MakeKeys, V30OverwritesNothingAndLeavesNothingHalfMade) {
  fs::create_directory(folder);
  for (const fs::path& taken : {folder / ROOT_CREDENTIAL_NAME, folder / KEYRING_NAME, publicFile}) {
    std::ofstream(taken) << "precious";
    EXPECT_NE(make().find("is there already"), std::string::npos);
    EXPECT_EQ(content(taken), "precious");
    EXPECT_EQ(files(), 2u);
    fs::remove(taken);
    fs::create_symlink("/nowhere", taken);  // not even a dangling link is followed
    EXPECT_NE(make().find("is there already"), std::string::npos);
    fs::remove(taken);
  }
  ASSERT_EQ(make(), "");
  std::string before = content(folder / ROOT_CREDENTIAL_NAME) + content(folder / KEYRING_NAME) + content(publicFile);
  EXPECT_NE(make(), "");
  EXPECT_EQ(content(folder / ROOT_CREDENTIAL_NAME) + content(folder / KEYRING_NAME) + content(publicFile), before);
}

TEST_F(MakeKeys, V30TakesEverythingBackWhenOnePlaceCannotBeWritten) {
  publicFile = top / "no" / "such" / "folder" / "vault.pub";
  EXPECT_NE(make(), "");
  EXPECT_EQ(files(), 0u) << "the folder was made, and removed again";
  publicFile = top / "vault.pub";
  folder = top / "no" / "such" / "credentials";
  EXPECT_NE(make(), "");
  EXPECT_EQ(files(), 0u);
}

TEST_F(MakeKeys, MakesOtherKeysEachTime) {
  ASSERT_EQ(make(), "");
  std::string first = content(folder / ROOT_CREDENTIAL_NAME), halves = content(publicFile);
  fs::remove_all(folder);
  fs::remove(publicFile);
  ASSERT_EQ(make(), "");
  EXPECT_NE(content(folder / ROOT_CREDENTIAL_NAME), first);
  EXPECT_NE(content(publicFile), halves);
}

TEST_F(MakeKeys, V29LoadingSaysWhatIsWrong) {
  auto loads = [&] {
    Keyring keyring;
    return loadKeyring(folder.c_str(), keyring);
  };
  auto replace = [&](const char* name, const std::string& text) {
    fs::remove(folder / name);
    std::ofstream(folder / name) << text;
  };
  EXPECT_NE(loads().find("credentials folder"), std::string::npos);
  ASSERT_EQ(make(), "");
  std::string credential = content(folder / ROOT_CREDENTIAL_NAME), wrapped = content(folder / KEYRING_NAME);
  std::string other = std::string(credential);
  other[0] = other[0] == '0' ? '1' : '0';
  replace(ROOT_CREDENTIAL_NAME, other);
  EXPECT_NE(loads().find("does not open"), std::string::npos);
  replace(ROOT_CREDENTIAL_NAME, credential.substr(1));
  std::string sentence = loads();
  EXPECT_NE(sentence.find("64 hexadecimal characters"), std::string::npos);
  EXPECT_EQ(sentence.find(credential.substr(1, 16)), std::string::npos) << "nothing of it is repeated";
  replace(ROOT_CREDENTIAL_NAME, credential);
  replace(KEYRING_NAME, wrapped.substr(0, wrapped.size() - 1));
  EXPECT_NE(loads().find("does not open"), std::string::npos);
  replace(KEYRING_NAME, wrapped + std::string(MAX_KEYRING_BYTES, 'x'));
  EXPECT_NE(loads().find("does not open"), std::string::npos);
  fs::remove(folder / KEYRING_NAME);
  EXPECT_NE(loads().find("keyring"), std::string::npos);
  fs::create_directory(folder / KEYRING_NAME);
  EXPECT_NE(loads().find("keyring"), std::string::npos);
}

}  // namespace
}  // namespace waas::vault
