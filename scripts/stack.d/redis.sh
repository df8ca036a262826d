# shellcheck shell=bash
# The two Redis servers. Sourced by scripts/stack.
# shellcheck disable=SC2154  # state, sockets, users: set by folders.sh

# What the broker may do in a share store: these commands on these keys, nothing else.
REDIS_KEYS='~mpc:share:*'
REDIS_COMMANDS='+ping +hset +hget +hgetall +hmget +hdel +hexists +exists +del +pexpire +pexpireat +pttl +multi +exec +discard +info +wait +config|get +hello +client|setname'

redisUid() { if [ "$1" = 1 ]; then echo "$redis1Uid"; else echo "$redis2Uid"; fi; }

startRedis() {
  local n=$1 folder=$state/redis$1 uid password admin
  uid=$(redisUid "$n")
  ensurePassword "redis_${n}_password"
  ensurePassword "redis_${n}_admin"
  password=$(secretOf "redis_${n}_password" | sha256sum | cut -c1-64)
  admin=$(secretOf "redis_${n}_admin" | sha256sum | cut -c1-64)
  # The default user is off, so nobody comes in without a password, yet keeps every right on paper: Redis 7.0 replays
  # its own log in that user's name, and EXEC checks rights once more. Without them each transaction of the log, and so
  # each share, is dropped at the next start, with one line in the log.
  (
    umask 077
    cat >"$folder/users.acl" <<END
user default off resetpass ~* &* +@all
user waas-broker on #$password resetchannels $REDIS_KEYS -@all $REDIS_COMMANDS
user admin on #$admin ~* &* +@all
END
    cat >"$folder/redis.conf" <<END
port 0
unixsocket $sockets/redis$n/redis.sock
unixsocketperm 770
dir $folder
aclfile $folder/users.acl
# A key with a TTL is what the volatile-* policies throw out first, and each share has one.
maxmemory-policy noeviction
appendonly yes
appendfsync everysec
save ""
daemonize no
logfile ""
END
  )
  if asRoot; then chown "$uid:$uid" "$folder/users.acl" "$folder/redis.conf"; fi
  rm -f "$sockets/redis$n/redis.sock"
  launch "redis$n" "$uid" "$uid" 077 "$(command -v redis-server)" "$folder/redis.conf"
  waitFor "redis$n" "Redis $n" redisAnswers "$n"
}

# The first answers after a start may be "LOADING".
redisAnswers() { redisAdmin "$1" ping | grep -q PONG; }

redisAdmin() {
  local n=$1
  shift
  REDISCLI_AUTH=$(secretOf "redis_${n}_admin") redis-cli -s "$sockets/redis$n/redis.sock" --user admin --no-auth-warning "$@"
}
