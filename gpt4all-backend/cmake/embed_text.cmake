# embed_text(<target> <file> <symbol>): adds to the target `extern "C" const char symbol[]`, the file's bytes and a NUL.
# An array of characters, not a string literal, whose length compilers limit. The file runs itself as the script.

if(CMAKE_SCRIPT_MODE_FILE)
    file(READ "${INPUT}" bytes HEX)
    string(REGEX REPLACE "(................................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    get_filename_component(name "${INPUT}" NAME)
    file(WRITE "${OUTPUT}"
        "// Generated from ${name}; do not edit.\n"
        "extern \"C\" {\n"
        "extern const char ${SYMBOL}[];\n"
        "const char ${SYMBOL}[] = {\n${bytes}'\\0'};\n"
        "}\n")
    return()
endif()

set(LLMODEL_EMBED_TEXT_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(embed_text target file symbol)
    get_filename_component(file "${file}" ABSOLUTE)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.cpp")
    add_custom_command(
        OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DINPUT=${file}" "-DOUTPUT=${output}" "-DSYMBOL=${symbol}"
                -P "${LLMODEL_EMBED_TEXT_SCRIPT}"
        DEPENDS "${file}" "${LLMODEL_EMBED_TEXT_SCRIPT}"
        COMMENT "Embedding ${file}"
        VERBATIM)
    target_sources(${target} PRIVATE "${output}")
endfunction()
