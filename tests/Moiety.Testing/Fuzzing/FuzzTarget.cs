namespace Moiety.Testing.Fuzzing;

/// <summary>A reader under attack: intact files, and what reading one of their damaged copies means.</summary>
/// <param name="Reader">Name of the reader, e.g. <c>gguf</c>. Several targets may attack one reader.</param>
/// <param name="Name">What is damaged.</param>
/// <param name="Intact">The intact file.</param>
/// <param name="Read">
/// Reads the damaged bytes and then uses all that came of them; the folder is for files. Throws an
/// <see cref="Moiety.Models.InvalidInputException"/> to refuse.
/// </param>
public sealed record FuzzTarget(string Reader, string Name, byte[] Intact, Action<byte[], string> Read);
