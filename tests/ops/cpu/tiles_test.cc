// ops/cpu/tiles.h: whatever the tasks of a part read is packed before it is read, once, and fits the tile.

#include "cpu/tiles.h"

#include <random>
#include <set>
#include <string>

#include "expect.h"

namespace {

using roiops::MapTile;
using roiops::PaddedTo;
using roiops::Part;
using roiops::Square;
using roiops::TileKind;
using roiops_test::Expect;

// A rectangle of pixels, and rows of it that are not read.
struct Rectangle : MapTile<float> {
  int64_t first_row, last_row, first_column, last_column;
  int64_t row_step;

  bool IsEmpty() const { return first_row > last_row; }
  int64_t FirstRow() const { return first_row; }
  int64_t LastRow() const { return last_row; }
  int64_t FirstColumn() const { return first_column; }
  int64_t LastColumn() const { return last_column; }
  template <class Visit>
  void ForEachRow(const Visit& visit) const {
    for (int64_t row = first_row; row < last_row; row += row_step) visit(row, first_column, last_column);
    visit(last_row, first_column, last_column);
  }
};

// Random tasks on few maps, two of which share their memory in other shapes.
std::vector<Rectangle> RandomTasks(std::mt19937& random) {
  static const float memory[2] = {};
  const auto below = [&](int64_t n) { return int64_t(random() % uint32_t(n)); };
  struct Map {
    const float* image;
    int64_t height, width;
  };
  std::vector<Map> maps;
  for (int i = 0; i < 3; ++i) maps.push_back({memory + i / 2, 1 + below(30), 1 + below(below(4) ? 40 : 900)});
  maps[1].height = maps[0].height + below(2);
  std::vector<Rectangle> tasks(size_t(below(9)));
  for (size_t i = 0; i < tasks.size(); ++i) {
    Rectangle& task = tasks[i];
    const Map& map = maps[size_t(below(8) ? int64_t(3 * i / tasks.size()) : below(3))];
    task = {};
    task.image = map.image;
    task.height = map.height;
    task.width = map.width;
    task.first_row = below(map.height);
    task.last_row = task.first_row + below(map.height - task.first_row);
    task.first_column = below(map.width);
    task.last_column = task.first_column + below(map.width - task.first_column);
    task.row_step = 1 + below(3);
    if (below(6) == 0) task.last_row = task.first_row - 1;
  }
  return tasks;
}

std::string Name(int seed, size_t task) {
  return "seed " + std::to_string(seed) + ", task " + std::to_string(task);
}

// Goes through the tasks as a kernel does; `packed` is what is in the tile of the map last shared.
void CheckPlan(int seed, const std::vector<Rectangle>& tasks, const Part& part, int64_t lanes,
               int64_t capacity) {
  std::set<std::pair<int64_t, int64_t>> packed;
  const Rectangle* sharing = nullptr;
  size_t square = 0;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const Rectangle& task = tasks[i];
    if (task.IsEmpty()) {
      Expect(task.squares == 0, Name(seed, i) + " reads nothing and packs something");
      continue;
    }
    const int64_t width = PaddedTo(lanes, task.last_column + 1 - task.first_column);
    const bool map_fits = task.height * PaddedTo(lanes, task.width) <= capacity;
    const bool box_fits = (task.last_row + 1 - task.first_row) * width <= capacity;
    const TileKind wanted = map_fits ? TileKind::kMap : box_fits ? TileKind::kBox : TileKind::kRow;
    Expect(task.tile == wanted, Name(seed, i) + " has another kind of tile");
    if (!map_fits) {
      Expect(task.tile_row == task.first_row && task.tile_column == task.first_column &&
                 task.tile_stride == width && task.squares == 0,
             Name(seed, i) + " has a tile of another part of the map");
      sharing = nullptr;
      continue;
    }
    if (!sharing || sharing->image != task.image || sharing->height != task.height ||
        sharing->width != task.width) {
      packed.clear();
    }
    sharing = &task;
    Expect(task.tile_row == 0 && task.tile_column == 0 && task.tile_stride == PaddedTo(lanes, task.width),
           Name(seed, i) + " has a tile of a part of the map");
    for (int64_t n = 0; n < task.squares; ++n) {
      const Square& next = part.squares.at(square++);
      Expect(next.column % lanes == 0 && next.column < task.width && next.row < task.height,
             Name(seed, i) + " packs a square beside the map");
      Expect(packed.insert({next.row, next.column}).second, Name(seed, i) + " packs a square twice");
    }
    task.ForEachRow([&](int64_t row, int64_t first, int64_t last) {
      for (int64_t column = first / lanes * lanes; column <= last; column += lanes) {
        Expect(packed.count({row, column}) == 1, Name(seed, i) + " reads a square that is not packed");
      }
    });
  }
  Expect(square == part.squares.size(), "seed " + std::to_string(seed) + ": squares are left");
}

}  // namespace

int main(int argc, char** argv) {
  const int cases = roiops_test::RandomCases(argc, argv);
  std::mt19937 random(1);
  Part part;  // used again, as the driver does
  for (int seed = 0; seed < cases; ++seed) {
    const int64_t lanes = int64_t(2) << random() % 4;
    const int64_t capacity = std::max<int64_t>(PaddedTo(lanes, 900), int64_t(random() % 3000));
    std::vector<Rectangle> tasks = RandomTasks(random);
    std::vector<Rectangle*> order;
    for (Rectangle& task : tasks) order.push_back(&task);
    const int64_t count = int64_t(tasks.size());
    roiops::TilePlanner<Rectangle>(lanes, capacity).Plan(order.data(), 0, count, part);
    Expect(part.begin == 0 && part.end == count, "the part is another one");
    CheckPlan(seed, tasks, part, lanes, capacity);
  }
  return roiops_test::ExitStatus();
}
