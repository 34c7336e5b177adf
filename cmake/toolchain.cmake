# Warnings, sanitizers, linker and compiler cache: what every target of the project is built with.

add_library(nave_flags INTERFACE)
target_compile_options(nave_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms on std::string concatenation when optimizing (GCC bug 105651).
  target_compile_options(nave_flags INTERFACE -Wno-restrict)
endif()
if(NAVE_SANITIZE)
  target_compile_options(nave_flags INTERFACE
    -fsanitize=${NAVE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(nave_flags INTERFACE -fsanitize=${NAVE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC cannot follow variants through instrumented code and warns of members that are never read.
    target_compile_options(nave_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  if(NAVE_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(nave_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(NAVE_FUZZ)
  target_compile_options(nave_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(NAVE_CCACHE ccache)
if(NAVE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${NAVE_CCACHE})
endif()
find_program(NAVE_MOLD mold)
if(NAVE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(tl-expected REQUIRED)
