namespace Moiety.Training.Distillation;

/// <summary>Where a student's first weights come from.</summary>
public enum StudentInitialization
{
    /// <summary>They are drawn, as in the paper.</summary>
    Random,

    /// <summary>They are the teacher's: embedding, head and the layers that are kept.</summary>
    Teacher,
}
