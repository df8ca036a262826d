#include "client/cli/migrations.h"

#include <gtest/gtest.h>

#include "client/cli/command.h"
#include "temporary-folder.h"

namespace waas::cli {
namespace {

TEST(Migrations, AreReadInTheOrderOfTheirNumbers) {
  test::TemporaryFolder folder;
  folder.file("0002-second.sql", "SELECT 2;");
  folder.file("0001-first.sql", "SELECT 1;");
  folder.file("README.md", "not one");
  folder.file("0003-third.sql~", "not one");
  auto migrations = readMigrations(folder.path);
  ASSERT_EQ(migrations.size(), 2u);
  EXPECT_EQ(migrations[0].name, "first");
  EXPECT_EQ(migrations[1].number, 2);
  EXPECT_EQ(migrations[1].text, "SELECT 2;");
  // printf 'SELECT 1;' | sha256sum
  EXPECT_EQ(migrations[0].checksum, "17db4fd369edb9244b9f91d9aeed145c3d04ad8ba6e95d06247f07a63527d11a");
}

TEST(Migrations, AGapOrAnEmptyFolderIsRefused) {
  test::TemporaryFolder folder;
  EXPECT_THROW(readMigrations(folder.path), CommandError);
  EXPECT_THROW(readMigrations(folder.path + "/none"), CommandError);
  folder.file("0001-first.sql", "");
  folder.file("0003-third.sql", "");
  EXPECT_THROW(readMigrations(folder.path), CommandError);
  folder.file("0002-second.sql", "");
  EXPECT_NO_THROW(readMigrations(folder.path));
  folder.file("0002-twin.sql", "");
  EXPECT_THROW(readMigrations(folder.path), CommandError) << "two with one number";
}

TEST(Migrations, ThoseOfTheTreeAreInOrder) { EXPECT_GE(readMigrations(WAAS_SOURCE_FOLDER "/sql").size(), 1u); }

TEST(Database, WhatCannotBeReachedIsSaidWithoutTheAddress) {
  try {
    Database database("postgresql://waas:hunter2@/waas?host=/nonexistent&connect_timeout=1");
    FAIL();
  } catch (const CommandError& e) {
    EXPECT_EQ(e.exitCode, EXIT_UNREACHABLE);
    EXPECT_EQ(std::string(e.what()).find("hunter2"), std::string::npos);
  }
}

}  // namespace
}  // namespace waas::cli
