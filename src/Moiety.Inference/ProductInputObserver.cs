using Moiety.Numerics;

namespace Moiety.Inference;

/// <summary>
/// Is told what the matrices of a model are multiplied with, row by row: what calibration of a quantizer, and studies of activations,
/// are made of. Called by one thread, within a step; the row is valid during the call only.
/// </summary>
/// <param name="weights">The matrix, the same object as the checkpoint gives for its name.</param>
/// <param name="input">One row of its input, as many elements as the matrix has columns.</param>
public delegate void ProductInputObserver(Matrix weights, ReadOnlySpan<float> input);
