using Moiety.Cli.Displays;

namespace Moiety.Cli.Tests.Displays;

/// <summary>Numbers look the same in every culture.</summary>
public class FormatTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(16_777_216, "16.0 MiB")]
    [InlineData(5e12, "4.5 TiB")]
    [InlineData(5e18, "4547473.5 TiB")]
    public void Sizes_have_binary_units(double bytes, string shown) => Assert.Equal(shown, Format.Bytes(bytes));

    [Theory]
    [InlineData(999, "999")]
    [InlineData(9999, "9,999")]
    [InlineData(12_345, "12.3 K")]
    [InlineData(33_000_000, "33.0 M")]
    [InlineData(1_100_048_384, "1.10 B")]
    public void Counts_have_short_names(double count, string shown) => Assert.Equal(shown, Format.Count(count));

    [Theory]
    [InlineData(0.0123, "12.3 ms")]
    [InlineData(3.44, "3.4 s")]
    [InlineData(123, "2:03")]
    [InlineData(3723, "1:02:03")]
    [InlineData(360_000, "100:00:00")]
    public void Times_look_like_a_clock(double seconds, string shown) => Assert.Equal(shown, Format.Time(TimeSpan.FromSeconds(seconds)));
}
