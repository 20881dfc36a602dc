#include "gzip_bomb.h"

#include <array>
#include <string_view>

namespace mockapi {
namespace {

constexpr std::string_view kStart = R"({"code":0,"success":true,"pad":")";
constexpr std::string_view kEnd = R"("})";
constexpr std::uint64_t kRun = 258;  // the longest match of deflate

class BitWriter {
  public:
    explicit BitWriter(std::string& out) : out_(out) {}
    /// Numbers go least significant bit first, Huffman codes most significant bit first (RFC 1951, 3.1.1).
    void number(std::uint32_t value, unsigned bits) {
        for (unsigned i = 0; i < bits; ++i)
            bit((value >> i) & 1U);
    }
    void code(std::uint32_t value, unsigned bits) {
        for (unsigned i = bits; i-- > 0;)
            bit((value >> i) & 1U);
    }
    void literal(unsigned char c) {
        if (c < 144)
            code(0x30U + c, 8);
        else
            code(0x190U + c - 144U, 9);
    }
    void flush() {
        while (used_ != 0)
            bit(0);
    }

  private:
    void bit(std::uint32_t b) {
        byte_ |= b << used_;
        if (++used_ == 8) {
            out_ += static_cast<char>(byte_);
            byte_ = 0;
            used_ = 0;
        }
    }
    std::string& out_;
    std::uint32_t byte_ = 0;
    unsigned used_ = 0;
};

class Crc32 {
  public:
    Crc32() {
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t c = i;
            for (int k = 0; k < 8; ++k)
                c = (c & 1U) != 0 ? 0xedb88320U ^ (c >> 1U) : c >> 1U;
            table_[i] = c;
        }
    }
    void add(unsigned char c) { crc_ = table_[(crc_ ^ c) & 0xffU] ^ (crc_ >> 8U); }
    std::uint32_t value() const { return ~crc_; }

  private:
    std::array<std::uint32_t, 256> table_{};
    std::uint32_t crc_ = ~0U;
};

void put_u32(std::string& out, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i)
        out += static_cast<char>((value >> (8U * i)) & 0xffU);
}

}  // namespace

std::string gzip_bomb(std::uint64_t inflated) {
    const std::uint64_t runs = inflated / kRun + 1;
    std::string out("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    Crc32 crc;
    BitWriter bits(out);
    bits.number(1, 1);  // the last block
    bits.number(1, 2);  // fixed codes
    const auto literals = [&](std::string_view text) {
        for (const char c : text) {
            bits.literal(static_cast<unsigned char>(c));
            crc.add(static_cast<unsigned char>(c));
        }
    };
    literals(kStart);
    literals("a");
    for (std::uint64_t i = 0; i < runs; ++i) {
        bits.code(0xc5U, 8);  // length 258
        bits.code(0, 5);      // distance 1
        for (std::uint64_t j = 0; j < kRun; ++j)
            crc.add('a');
    }
    literals(kEnd);
    bits.code(0, 7);  // end of block
    bits.flush();
    put_u32(out, crc.value());
    put_u32(out, static_cast<std::uint32_t>(kStart.size() + 1 + runs * kRun + kEnd.size()));
    return out;
}

}  // namespace mockapi
