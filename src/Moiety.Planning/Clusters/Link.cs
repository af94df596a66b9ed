namespace Moiety.Planning.Clusters;

/// <summary>One direction of a device's connection, as the alpha-beta model has it: a message of n bytes takes latency + n / bandwidth.</summary>
/// <param name="BytesPerSecond">Bandwidth of one device in one direction.</param>
/// <param name="LatencySeconds">What a message takes beside its bytes, software included.</param>
public readonly record struct Link(double BytesPerSecond, double LatencySeconds)
{
    /// <summary>Time of some messages one after another.</summary>
    /// <param name="messages">How many.</param>
    /// <param name="bytes">Bytes of all of them together.</param>
    /// <returns>0 for no message: a node of one device has no link inside, whose bandwidth is 0.</returns>
    public double Seconds(double messages, double bytes) => messages == 0 ? 0 : (messages * LatencySeconds) + (bytes / BytesPerSecond);
}
