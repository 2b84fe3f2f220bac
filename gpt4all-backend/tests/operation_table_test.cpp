#include "json/schema.h"
#include "operations/operation.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace {

using namespace llmodel;
using ::testing::IsSupersetOf;

TEST(OperationTable, EveryRequestIsDefinedInTheSchema) {
    std::vector<std::string> requests;
    for (const Operation &operation : operations()) {
        requests.emplace_back(operation.request);
        EXPECT_EQ(&find_operation(operation.name), &operation) << operation.name;
    }
    EXPECT_THAT(schema_definitions(), IsSupersetOf(requests));
}

TEST(OperationTable, AnUnknownNameIsToldTheKnownOnes) {
    try {
        find_operation("chatter");
        FAIL() << "there is no such operation";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), LLMODEL_INVALID_ARGUMENT);
        const std::string message = error.what();
        for (const Operation &operation : operations()) {
            EXPECT_NE(message.find(operation.name), std::string::npos) << message;
        }
    }
}

} // namespace
