# The Debian package: the program, its man page and completions, made from its own --help, and what Debian wants to know of it.
# `cpack -G DEB` makes it; `make release-artifacts` calls that. SOURCE_DATE_EPOCH is the time that it bears.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(PAGEHAUL_MAINTAINER "The pagehaul maintainers <maintainers@pagehaul.example>" CACHE STRING "Who answers for the Debian package: Name <address>")

set(scripts ${CMAKE_SOURCE_DIR}/deploy/package)
set(texts ${CMAKE_BINARY_DIR}/package)
file(GLOB describing CONFIGURE_DEPENDS ${scripts}/*.py)
add_custom_command(OUTPUT ${texts}/stamp
  COMMAND ${Python3_EXECUTABLE} ${scripts}/describe.py $<TARGET_FILE:pagehaul> ${texts}
  COMMAND ${Python3_EXECUTABLE} ${scripts}/changelog.py ${PROJECT_VERSION}-1 ${PAGEHAUL_MAINTAINER} ${texts}/changelog.Debian
  COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/CHANGELOG.md ${texts}/changelog
  COMMAND gzip -9nf ${texts}/pagehaul.1 ${texts}/changelog ${texts}/changelog.Debian
  COMMAND ${CMAKE_COMMAND} -E touch ${texts}/stamp
  DEPENDS pagehaul ${describing} ${CMAKE_SOURCE_DIR}/CHANGELOG.md VERBATIM)
add_custom_target(package_texts DEPENDS ${texts}/stamp)

install(FILES ${texts}/pagehaul.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${texts}/pagehaul.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME pagehaul)
install(FILES ${texts}/_pagehaul DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${texts}/pagehaul.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${scripts}/copyright ${texts}/changelog.gz ${texts}/changelog.Debian.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "pull a paginated REST API into PostgreSQL, provably whole")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Pages are fetched in parallel, and a ledger of them is kept in the same
transaction as the rows: what was stopped goes on where it stood, and a run
says that it succeeded only with a proof that nothing is missing.")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${PAGEHAUL_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What no library says: who is trusted, and the time zones.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, tzdata")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
