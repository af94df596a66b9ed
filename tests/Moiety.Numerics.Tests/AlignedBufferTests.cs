namespace Moiety.Numerics.Tests;

public sealed unsafe class AlignedBufferTests
{
    [Theory]
    [InlineData(0, PageKind.Normal)]
    [InlineData(1, PageKind.Normal)]
    [InlineData(12345, PageKind.Huge)]
    [InlineData(5 << 20, PageKind.Huge)]
    public void Memory_is_aligned_and_zero(int bytes, PageKind pages)
    {
        using AlignedBuffer buffer = new(bytes, pages);
        Assert.Equal(0, (nint)buffer.Pointer % AlignedBuffer.Alignment);
        Assert.Equal(bytes, buffer.ByteLength);
        Assert.Equal(-1, buffer.Span<byte>(0, bytes).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Ranges_outside_are_refused()
    {
        using AlignedBuffer buffer = new(100);
        Assert.Equal(25, buffer.Span<float>(0, 25).Length);
        Assert.Equal(0, buffer.Span<float>(25, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span<float>(1, 25).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span<float>(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span<float>(long.MaxValue, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span<float>(0, -1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new AlignedBuffer(-1));
    }

    [Fact]
    public void A_disposed_buffer_says_so()
    {
        AlignedBuffer buffer = new(64);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span<byte>(0, 1).Length);
    }
}
