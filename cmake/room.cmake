# nave_room(<name> DIR <folder below src> [DEPS <rooms>] [LIBS <external libraries, private>])
#
# One room is one static library whose public dependencies are exactly the rooms it may include
# (ARCHITECTURE.md, "Rooms"); test/tidy holds the #include lines against the same table.
function(nave_room name)
  cmake_parse_arguments(ROOM "" "DIR" "DEPS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${ROOM_DIR}/*.cc)
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${name} INTERFACE ${ROOM_DEPS})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC ${ROOM_DEPS} PRIVATE ${ROOM_LIBS} nave_flags)
endfunction()
