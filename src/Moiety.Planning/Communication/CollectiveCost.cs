namespace Moiety.Planning.Communication;

/// <summary>What a collective operation costs one device.</summary>
/// <param name="Hops">Messages one after another, as the paper counts them: a device's message to itself is one.</param>
/// <param name="Bytes">Bytes that pass through the device's send buffers, its share for itself included.</param>
/// <param name="Seconds">Time, for what leaves the device only.</param>
public readonly record struct CollectiveCost(double Hops, double Bytes, double Seconds)
{
    /// <summary>One after the other.</summary>
    public static CollectiveCost operator +(CollectiveCost left, CollectiveCost right) =>
        new(left.Hops + right.Hops, left.Bytes + right.Bytes, left.Seconds + right.Seconds);

    /// <summary>The same operation several times.</summary>
    public static CollectiveCost operator *(double times, CollectiveCost cost) => new(times * cost.Hops, times * cost.Bytes, times * cost.Seconds);
}
