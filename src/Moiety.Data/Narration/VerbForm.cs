namespace Moiety.Data.Narration;

/// <summary>The form that the verbs of a clause take.</summary>
internal enum VerbForm
{
    Past,
    Base,
    Gerund,
    Present,
}
