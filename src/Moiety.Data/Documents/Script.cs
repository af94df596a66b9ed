using System.Text;
using Moiety.Data.Narration;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>A conversation as it grows: a line is a speaker's name, a colon, and what is said.</summary>
internal sealed class Script(World world)
{
    private readonly StringBuilder _text = new();

    internal World World { get; } = world;

    internal StoryRandom Random => World.Random;

    /// <summary>The speaker says a frame in which <c>@A</c> is the speaker and <c>@B</c> the listener.</summary>
    internal string Say(Person speaker, Frame frame, WorldEvent about)
    {
        Telling line = new(Random);
        frame.Render(line, about, VerbForm.Base);
        string said = line.ToString().TrimEnd();
        _text.Append(_text.Length > 0 ? "\n" : "").Append(Label(speaker)).Append(": ").Append(said);
        return said;
    }

    public override string ToString() => _text.ToString();

    private static string Label(Person speaker) => Questions.QuestionMaker.Capital(speaker.Role == Role.Worker ? speaker.Name[4..] : speaker.Name);
}
