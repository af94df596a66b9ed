using System.Globalization;
using System.Runtime.CompilerServices;

namespace Moiety.Inference.Plans;

/// <summary>An interpolated message that is only written when a condition failed, so that checks that hold allocate nothing.</summary>
[InterpolatedStringHandler]
internal ref struct FailureReason
{
    private DefaultInterpolatedStringHandler _text;

    public FailureReason(int literalLength, int formattedCount, bool condition, out bool failed)
    {
        failed = !condition;
        _text = failed ? new(literalLength, formattedCount, CultureInfo.InvariantCulture) : default;
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public string Text() => _text.ToStringAndClear();
}
