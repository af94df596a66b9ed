namespace Moiety.Data.Narration;

/// <summary>Inflects English verbs: the irregular ones by table, the others by rule.</summary>
internal static class Verbs
{
    // base, past, and the present participle where the rule does not give it
    private static readonly Dictionary<string, (string Past, string? Gerund)> Irregular = Table(
        """
        be was being
        beat beat
        become became
        begin began beginning
        bend bent
        blow blew
        break broke
        bring brought
        build built
        buy bought
        catch caught
        choose chose
        come came
        count counted
        cut cut cutting
        dig dug digging
        do did
        draw drew
        drink drank
        drop dropped dropping
        eat ate
        fall fell
        feed fed
        feel felt
        find found
        fly flew
        forget forgot forgetting
        forgive forgave
        get got getting
        give gave
        go went
        grab grabbed grabbing
        grow grew
        have had
        hear heard
        hide hid
        hold held
        hop hopped hopping
        hug hugged hugging
        hurry hurried
        hurt hurt
        keep kept
        know knew
        lay laid
        leave left
        lend lent
        let let letting
        lie lay lying
        lose lost
        make made
        meet met
        nod nodded nodding
        open opened opening
        pay paid
        pet petted petting
        plan planned planning
        put put putting
        read read
        ride rode
        run ran running
        say said
        see saw
        sell sold
        shake shook
        send sent
        set set setting
        shop shopped shopping
        sing sang
        sit sat sitting
        sleep slept
        slip slipped slipping
        spend spent
        spot spotted spotting
        stand stood
        stop stopped stopping
        sweep swept
        swim swam swimming
        take took
        tell told
        think thought
        throw threw
        trip tripped tripping
        wake woke
        wash washed
        wave waved
        wear wore
        win won winning
        wrap wrapped wrapping
        write wrote
        """);

    internal static string Inflect(string verb, VerbForm form) => form switch
    {
        VerbForm.Past => Past(verb),
        VerbForm.Gerund => Gerund(verb),
        VerbForm.Present => Present(verb),
        _ => verb,
    };

    private static string Past(string verb)
    {
        if (Irregular.TryGetValue(verb, out (string Past, string? Gerund) forms))
        {
            return forms.Past;
        }

        return verb.EndsWith('e') ? verb + "d" : EndsInConsonantY(verb) ? verb[..^1] + "ied" : verb + "ed";
    }

    private static string Gerund(string verb)
    {
        if (Irregular.TryGetValue(verb, out (string Past, string? Gerund) forms) && forms.Gerund is not null)
        {
            return forms.Gerund;
        }

        return verb.EndsWith('e') && !verb.EndsWith("ee", StringComparison.Ordinal) ? verb[..^1] + "ing" : verb + "ing";
    }

    private static string Present(string verb) => verb switch
    {
        "be" => "is",
        "have" => "has",
        _ when EndsInConsonantY(verb) => verb[..^1] + "ies",
        _ when verb.EndsWith('s') || verb.EndsWith("sh", StringComparison.Ordinal) || verb.EndsWith("ch", StringComparison.Ordinal) || verb.EndsWith('x') || verb.EndsWith('o') => verb + "es",
        _ => verb + "s",
    };

    private static bool EndsInConsonantY(string verb) => verb.Length > 1 && verb[^1] == 'y' && !"aeiou".Contains(verb[^2], StringComparison.Ordinal);

    private static Dictionary<string, (string Past, string? Gerund)> Table(string lines)
    {
        Dictionary<string, (string Past, string? Gerund)> table = new(StringComparer.Ordinal);
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = line.Split(' ');
            table[words[0]] = (words[1], words.Length > 2 ? words[2] : null);
        }

        return table;
    }
}
