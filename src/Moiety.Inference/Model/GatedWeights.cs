using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>The three projections of one SwiGLU: gate and up [inner, hidden], down [hidden, inner].</summary>
internal sealed record GatedWeights(Matrix Gate, Matrix Up, Matrix Down);
