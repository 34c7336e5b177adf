// Somebody outside the hub who does as he likes, within his protocol.
#pragma once

#include <string>
#include <utility>

#include "sim/stage.h"

namespace nave::sim {

class Actor {
 public:
  explicit Actor(Stage& stage) : stage_(stage) {}
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  void begin() { plan_next(); }
  // From now on he finishes what he began, and does no mischief.
  void calm_down() { calm_ = true; }
  // After calm_down(): what is still to come; empty if nothing is.
  [[nodiscard]] virtual std::string waits_for() const = 0;
  // What he knows at the end, when everybody is done, must be true.
  virtual void check() {}
  // Closes his connections and does nothing any more.
  void leave() {
    left_ = true;
    close_all();
  }

 protected:
  // One step; again and again.
  virtual void act() = 0;
  virtual void close_all() = 0;
  [[nodiscard]] bool calm() const { return calm_; }
  void after(int64_t delay_us, UniqueFunction<void()> f) { stage_.scheduler.after(delay_us, life_, std::move(f)); }
  [[nodiscard]] Rng& rng() const { return stage_.scheduler.rng; }
  [[nodiscard]] int64_t now() const { return stage_.scheduler.now(); }
  void fail(std::string why) { stage_.scheduler.fail(std::move(why)); }

  Stage& stage_;

 private:
  void plan_next() {
    after(rng().between(5, 120) * kMs, [this] {
      if (left_) return;
      act();
      plan_next();
    });
  }

  bool calm_ = false;
  bool left_ = false;
  const Life life_ = make_life();
};

}  // namespace nave::sim
