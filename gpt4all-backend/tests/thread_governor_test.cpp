#include "threads/thread_governor.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using llmodel::CpuTimes;
using llmodel::ThreadGovernor;

/** A machine of which this process has had, and nobody has had, so many processors in each second. */
class Machine {
  public:
    void pass(double process, double idle) {
        now_.wall += 1;
        now_.process += process;
        now_.idle += idle;
        // The governor rests between readings, and the longer, the longer one took.
        for (const int before = readings_; readings_ == before;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            governor_.threads(8, 1);
        }
    }

    int32_t threads(int32_t planned, uint32_t n_tokens = 1) { return governor_.threads(planned, n_tokens); }

    void be_silent() { silent_ = true; }
    int readings() const { return readings_; }

  private:
    CpuTimes now_{.wall = 100, .process = 10, .idle = 200};
    bool silent_ = false;
    int readings_ = 0;
    ThreadGovernor governor_{[this] {
                                 ++readings_;
                                 return silent_ ? std::nullopt : std::optional(now_);
                             },
                             std::chrono::milliseconds(0)};
};

TEST(ThreadGovernor, PlansStandOnAQuietMachine) {
    Machine machine;
    EXPECT_EQ(machine.threads(2), 2) << "nothing is known yet";
    machine.pass(0.01, 1.95);
    EXPECT_EQ(machine.threads(2), 2);
    machine.pass(1.9, 0.05);
    EXPECT_EQ(machine.threads(2), 2);
}

TEST(ThreadGovernor, ABusyNeighbourCostsAThread) {
    Machine machine;
    machine.pass(0, 1);
    machine.pass(0, 1); // before the first token: one of two processors is idle
    EXPECT_EQ(machine.threads(2), 1);
    machine.pass(1, 0); // one thread, one neighbour
    EXPECT_EQ(machine.threads(2), 1);
}

TEST(ThreadGovernor, SharingAProcessorIsNoticedFromWithin) {
    Machine machine;
    machine.pass(0, 2);
    for (int i = 0; i < 5; ++i) {
        machine.pass(1.5, 0); // two threads, one of which shares its processor
    }
    EXPECT_EQ(machine.threads(2), 1);
}

TEST(ThreadGovernor, ThreadsComeBackWhenTheNeighbourIsGone) {
    Machine machine;
    machine.pass(0, 1);
    machine.pass(0, 1);
    ASSERT_EQ(machine.threads(2), 1);
    for (int i = 0; i < 5; ++i) {
        machine.pass(1, 1);
    }
    EXPECT_EQ(machine.threads(2), 2);
}

TEST(ThreadGovernor, NeighboursThatFitBesideCostNothing) {
    Machine machine;
    machine.pass(0, 12); // four of sixteen processors are taken
    machine.pass(8, 4);
    EXPECT_EQ(machine.threads(8), 8);
}

TEST(ThreadGovernor, OneThreadIsTheLeast) {
    Machine machine;
    machine.pass(0, 0);
    machine.pass(0.3, 0);
    EXPECT_EQ(machine.threads(2), 1);
    EXPECT_EQ(machine.threads(1), 1);
}

TEST(ThreadGovernor, PromptsTakeWhatTheyCanGet) {
    Machine machine;
    machine.pass(0, 1);
    machine.pass(0, 1);
    EXPECT_EQ(machine.threads(2, 8), 1);
    EXPECT_EQ(machine.threads(2, 512), 2);
}

TEST(ThreadGovernor, WithoutNumbersThePlanStands) {
    Machine machine;
    machine.be_silent();
    machine.pass(0, 0);
    machine.pass(0, 0);
    EXPECT_EQ(machine.threads(4), 4);
    EXPECT_GE(machine.readings(), 2);
}

TEST(CpuTimes, GoUp) {
    const auto before = llmodel::read_cpu_times();
    if (!before) {
        GTEST_SKIP() << "this system does not tell what its processors do";
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    while (std::chrono::steady_clock::now() < end) {
    }
    const auto after = llmodel::read_cpu_times();
    ASSERT_TRUE(after);
    EXPECT_GE(after->wall - before->wall, 0.05);
    EXPECT_GT(after->process, before->process);
    EXPECT_LE(after->process - before->process, 1.0 + after->wall - before->wall);
    EXPECT_GE(after->idle, before->idle);
}

} // namespace
