#pragma once

#include <string>
#include <string_view>

namespace llmodel {

/** Cuts a stream of bytes into whole code points. What can never become valid UTF-8 turns into U+FFFD, one for each
 *  maximal part as Unicode 15 recommends in section 3.9. */
class Utf8Stream {
  public:
    /** What is complete with `bytes`. */
    std::string push(std::string_view bytes);

    /** What remains at the end. */
    std::string finish();

  private:
    std::string pending_;
};

} // namespace llmodel
