# A toolchain for programs of another architecture: that of TARGETARCH in the environment, by dpkg's name, with what
# `tests/support/deps.sh build:ARCHITECTURE` has installed. Where that is the machine's own, or empty, this changes nothing.
execute_process(COMMAND dpkg --print-architecture OUTPUT_VARIABLE own OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(other "$ENV{TARGETARCH}")
if(other AND NOT other STREQUAL own)
  file(STRINGS /usr/share/dpkg/cputable known REGEX "^${other}[ \t]")
  if(NOT known MATCHES "^${other}[ \t]+([^ \t]+)")
    message(FATAL_ERROR "TARGETARCH: expected one of dpkg's architectures, such as amd64 or arm64, got '${other}'")
  endif()
  set(CMAKE_SYSTEM_NAME Linux)
  set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_MATCH_1})
  set(CMAKE_CXX_COMPILER ${CMAKE_MATCH_1}-linux-gnu-g++)
  # pkg-config is the machine's own, and would look for the machine's own libraries.
  set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/${CMAKE_MATCH_1}-linux-gnu/pkgconfig:/usr/share/pkgconfig)
endif()
