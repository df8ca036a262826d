@0xd1a4c2f0b7e63a51;
# The stable error codes of WaaS.
#
# One list for every border: RPC answers carry the enumerant, HTTP problem documents its snake_case name, and the
# command line turns it into an exit code. The annotations are read by reflection, so that a code, its sentence, its
# HTTP status and its exit code can't drift apart. Codes are never renumbered and never removed.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("waas::protocol");

annotation says @0xd1a4c2f0b7e63a52 (enumerant) :Text;
# What a person reads: one sentence that says what happened and what to do.

annotation http @0xd1a4c2f0b7e63a53 (enumerant) :UInt16;
# HTTP status of a problem document with this code (RFC 9457).

annotation exit @0xd1a4c2f0b7e63a54 (enumerant) :UInt8;
# Exit code of the command line: 1 refused or failed, 2 usage, 3 not reachable, 4 not allowed.

annotation retryable @0xd1a4c2f0b7e63a55 (enumerant) :Void;
# Nothing was changed, and the same call may succeed later.

enum ErrorCode {
  unknown @0                $says("Something failed that has no code of its own. Look into the daemon's log.") $http(500) $exit(1);

  # The request itself.
  invalidRequest @1         $says("The request is malformed. Compare it with the schema.") $http(400) $exit(1);
  tooLarge @2               $says("The request is larger than the limit. Send less at once.") $http(413) $exit(1);
  transactionMalformed @3   $says("The bytes are no Solana transaction of a known version (legacy, v0, v1) in its one canonical form. Build it again with a current library.") $http(400) $exit(1);
  messageMalformed @4       $says("The message can't be signed as a Solana off-chain message. Send 1 to 65515 bytes of UTF-8 text.") $http(400) $exit(1);
  notASigner @5             $says("The wallet is not among the signers that the transaction requires. Check the fee payer and the wallet.") $http(422) $exit(1);
  unknownWallet @6          $says("There is no such wallet among those of the caller. List the wallets and check the name.") $http(404) $exit(1);
  nameTaken @7              $says("Another wallet of the same owner has this name. Choose another name.") $http(409) $exit(1);

  # Who is asking.
  notAllowed @8             $says("The caller has no right to do this. Ask the operator for the role that it needs.") $http(403) $exit(4);
  invalidCredentials @9     $says("The e-mail address or the password is wrong.") $http(401) $exit(4);
  tooManyAttempts @10       $says("Too many failed attempts for this account. Wait and try again.") $http(429) $exit(4) $retryable;
  sessionInvalid @11        $says("The session is not valid or has ended. Sign in again.") $http(401) $exit(4);
  proofInvalid @12          $says("The proof of possession does not fit the request. Check the clock and sign in again.") $http(401) $exit(4);
  challengeInvalid @13      $says("The challenge has expired or was used before. Ask for a new one.") $http(409) $exit(1) $retryable;
  accountExists @14         $says("An account with this e-mail address exists. Sign in instead.") $http(409) $exit(1);
  deniedByPolicy @15        $says("The policy does not allow this.") $http(403) $exit(4);

  # What rests in the stores.
  recordRefused @16         $says("A stored record is not authentic: damaged, moved or forged. Nothing was signed. Tell the operator.") $http(500) $exit(1);
  shareMissing @17          $says("A share of the wallet is missing from its store. The wallet must be recovered before it can sign.") $http(503) $exit(1);
  keyVersionUnknown @18     $says("A record names a key version that this host does not have. Install the keyring that has it.") $http(503) $exit(1);

  # Whom we need.
  postgresUnreachable @19   $says("PostgreSQL does not answer. Try again when it is back.") $http(503) $exit(3) $retryable;
  redisUnreachable @20      $says("A Redis server that holds shares does not answer. Try again when it is back.") $http(503) $exit(3) $retryable;
  vaultUnreachable @21      $says("The vault does not answer. Try again when it is back.") $http(503) $exit(3) $retryable;
  signerUnreachable @22     $says("The signing daemon does not answer on its socket. Check that it runs and that the path is right.") $http(503) $exit(3) $retryable;
  auditUnavailable @23      $says("The audit log can't be written, so nothing is signed. Try again when the database is back.") $http(503) $exit(3) $retryable;
  overloaded @24            $says("The daemon is at its limit. Try again later.") $http(503) $exit(1) $retryable;
  deadlineExceeded @25      $says("The call took longer than its deadline. Whether it was carried out is not known; ask before you repeat it.") $http(504) $exit(1);
  outcomeUnknown @26        $says("The connection to the database was lost during a commit. Look before you repeat the call.") $http(504) $exit(1);
  conflict @27              $says("Somebody else changed the same record at the same time. Read it again and repeat.") $http(409) $exit(1) $retryable;

  # Our own.
  signatureFault @28        $says("Two computations of one signature differed, so neither was released. Look at the machine's memory and processor.") $http(500) $exit(1);
  addressUnproven @29       $says("A wallet's certificate is not signed by this vault. Do not use the address; tell the operator.") $http(502) $exit(1);

  # Policy, life of shares, keys.
  policyRefused @30         $says("The policy bundle is not taken: not signed with the policy key, malformed, expired, or not newer than the present one. The old policy stays.") $http(422) $exit(1);
  rolledBack @31            $says("A stored record is older than one that was seen before. Nothing was signed. Tell the operator that a store was put back.") $http(500) $exit(1);
  walletDeleted @32         $says("The wallet was deleted. Its key can't be brought back.") $http(410) $exit(1);
  recoveryKeyAbsent @33     $says("The shares have to be recovered, and custodians keep the recovery key. Run `waas shares recover` with them.") $http(503) $exit(1);
  walletExists @34          $says("A wallet with this public key exists already.") $http(409) $exit(1);
  keyInUse @35              $says("This key version is the newest of its purpose and can't be retired. Activate another one first.") $http(409) $exit(1);

  # HTTP: what only a gateway refuses.
  notFound @36              $says("There is nothing under this address. Compare it with /openapi.json.") $http(404) $exit(1);
  methodNotAllowed @37      $says("This address does not take that method. Compare it with /openapi.json.") $http(405) $exit(1);
  lengthRequired @38        $says("The request does not say how long its body is. Send Content-Length, and no Transfer-Encoding.") $http(411) $exit(1);
  mediaTypeRefused @39      $says("The body is of another kind than this call takes. Send application/json.") $http(415) $exit(1);
  requestTimeout @40        $says("The request did not arrive in time. Send it again, and faster.") $http(408) $exit(1) $retryable;
  headersTooLarge @41       $says("The head of the request is larger than the limit. Send fewer or shorter headers.") $http(431) $exit(1);
  originRefused @42         $says("A call that a cookie authorizes must come from the gateway's own page.") $http(403) $exit(4);
  idempotencyInFlight @43   $says("A request with this idempotency key is being worked on. Wait for its answer, or ask again later.") $http(409) $exit(1) $retryable;
  idempotencyMismatch @44   $says("This idempotency key was used with another request. Take a new key.") $http(422) $exit(1);
  tooManyRequests @45       $says("Too many requests from this address. Wait and try again.") $http(429) $exit(1) $retryable;
}
