# compile_together(target group source...) compiles sources of a target as one: they read the same large headers, which is
# most of the work, and use the same templates of them. What else the target has is compiled as ever. A source that the
# target lacks is an error, so that these lists keep up with llama.cpp.
function(compile_together target group)
  get_target_property(sources ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  foreach(source IN LISTS ARGN)
    if(NOT source IN_LIST sources)
      message(FATAL_ERROR "compile_together: ${target} has no source ${source}")
    endif()
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder})
    set_source_files_properties(${source} TARGET_DIRECTORY ${target}
      PROPERTIES UNITY_GROUP ${group} SKIP_UNITY_BUILD_INCLUSION OFF)
  endforeach()
endfunction()

# compile_folder_together(target folder at_once): the same for a folder below the target's own, that many sources at once.
function(compile_folder_together target folder at_once)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "(^|/)${folder}/[^/]*\\.cpp$")
  set(number 0)
  while(sources)
    list(LENGTH sources left)
    if(left GREATER at_once)
      list(SUBLIST sources 0 ${at_once} some)
      list(SUBLIST sources ${at_once} -1 sources)
    else()
      set(some ${sources})
      set(sources)
    endif()
    compile_together(${target} ${folder}${number} ${some})
    math(EXPR number "${number} + 1")
  endwhile()
endfunction()

# list_first(target source) lists a source before all others: one that specialises a template that they use.
function(list_first target source)
  get_target_property(sources ${target} SOURCES)
  list(REMOVE_ITEM sources ${source})
  set_target_properties(${target} PROPERTIES SOURCES "${source};${sources}")
endfunction()
