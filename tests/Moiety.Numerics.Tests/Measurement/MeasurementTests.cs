using Moiety.Numerics.Measurement;

namespace Moiety.Numerics.Tests.Measurement;

public sealed class MeasurementTests
{
    [Fact]
    public void Floors_are_measured_on_any_machine()
    {
        Assert.InRange(MemoryBandwidth.Measure(2, bytes: 8 << 20, passes: 2), 1e6, 1e13);
        Assert.InRange(PeakCompute.Measure(2, passes: 1), 1e6, 1e15);
        Assert.Throws<ArgumentOutOfRangeException>(() => PeakCompute.Measure(1, passes: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryBandwidth.Measure(1, bytes: 1 << 20, passes: 0));
    }
}
