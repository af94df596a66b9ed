namespace Moiety.Models.Configuration;

/// <summary>One tensor that a model must have: its canonical name, its role and its shape.</summary>
/// <param name="Name">Canonical name, see <see cref="TensorNames"/>.</param>
/// <param name="Role">What it does.</param>
/// <param name="Layer">Layer index, or -1 outside the layers.</param>
/// <param name="Expert">Expert index, or -1 when it belongs to no expert.</param>
/// <param name="Rows">Rows; 1 for a vector.</param>
/// <param name="Columns">Elements of a row.</param>
/// <param name="IsVector">Whether files store it with one dimension.</param>
public sealed record TensorSpec(string Name, TensorRole Role, int Layer, int Expert, int Rows, int Columns, bool IsVector)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => (long)Rows * Columns;

    /// <summary>The shape as messages show it: <c>[rows, columns]</c>, or <c>[n]</c> for a vector.</summary>
    public string ShapeText => IsVector ? $"[{Columns}]" : $"[{Rows}, {Columns}]";
}
