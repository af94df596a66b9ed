namespace Moiety.Training.Losses;

/// <summary>What the output head's loss sums to over some rows.</summary>
/// <param name="CrossEntropy">Sum of -log p(label), in nats.</param>
/// <param name="Distillation">Sum of T^2 KL(teacher || student), without its weight; 0 without a teacher.</param>
internal readonly record struct HeadLoss(double CrossEntropy, double Distillation)
{
    /// <summary>The sums over both sets of rows.</summary>
    public static HeadLoss operator +(HeadLoss left, HeadLoss right) => new(left.CrossEntropy + right.CrossEntropy, left.Distillation + right.Distillation);
}
