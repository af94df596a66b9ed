using System.Runtime.InteropServices;

namespace Moiety.LlamaCpp;

/// <summary>One of llama.cpp's samplers, applied to the scores of a whole vocabulary.</summary>
public sealed unsafe class LlamaCppSampler : IDisposable
{
    private readonly LlamaCppLibrary _library;
    private nint _sampler;

    private LlamaCppSampler(LlamaCppLibrary library, nint sampler)
    {
        _library = library;
        _sampler = sampler;
    }

    /// <summary><c>llama_sampler_init_typical</c>.</summary>
    public static LlamaCppSampler Typical(LlamaCppLibrary library, float mass) =>
        new(library, ((delegate* unmanaged[Cdecl]<float, nuint, nint>)Export(library, "llama_sampler_init_typical"))(mass, 1));

    /// <summary><c>llama_sampler_init_top_p</c>.</summary>
    public static LlamaCppSampler TopP(LlamaCppLibrary library, float mass) =>
        new(library, ((delegate* unmanaged[Cdecl]<float, nuint, nint>)Export(library, "llama_sampler_init_top_p"))(mass, 1));

    /// <summary><c>llama_sampler_init_min_p</c>.</summary>
    public static LlamaCppSampler MinP(LlamaCppLibrary library, float fraction) =>
        new(library, ((delegate* unmanaged[Cdecl]<float, nuint, nint>)Export(library, "llama_sampler_init_min_p"))(fraction, 1));

    /// <summary><c>llama_sampler_init_top_n_sigma</c>.</summary>
    public static LlamaCppSampler TopNSigma(LlamaCppLibrary library, float deviations) =>
        new(library, ((delegate* unmanaged[Cdecl]<float, nint>)Export(library, "llama_sampler_init_top_n_sigma"))(deviations));

    /// <summary><c>llama_sampler_init_temp_ext</c>.</summary>
    public static LlamaCppSampler DynamicTemperature(LlamaCppLibrary library, float middle, float range, float exponent) =>
        new(library, ((delegate* unmanaged[Cdecl]<float, float, float, nint>)Export(library, "llama_sampler_init_temp_ext"))(middle, range, exponent));

    /// <summary><c>llama_sampler_init_xtc</c>.</summary>
    public static LlamaCppSampler Xtc(LlamaCppLibrary library, float probability, float threshold) =>
        new(library, ((delegate* unmanaged[Cdecl]<float, float, nuint, uint, nint>)Export(library, "llama_sampler_init_xtc"))(probability, threshold, 1, 1));

    /// <summary><c>llama_sampler_init_mirostat</c> with the usual 100 tokens of estimation, or <c>_v2</c>.</summary>
    public static LlamaCppSampler Mirostat(LlamaCppLibrary library, int version, int vocabularySize, float target, float rate) => new(library, version == 1
        ? ((delegate* unmanaged[Cdecl]<int, uint, float, float, int, nint>)Export(library, "llama_sampler_init_mirostat"))(vocabularySize, 1, target, rate, 100)
        : ((delegate* unmanaged[Cdecl]<uint, float, float, nint>)Export(library, "llama_sampler_init_mirostat_v2"))(1, target, rate));

    /// <summary>
    /// llama.cpp's DRY with breakers given as tokens: the function that its own tests use, a C++ one that takes a
    /// <c>std::vector</c> of vectors, which are three pointers each.
    /// </summary>
    public static LlamaCppSampler Dry(LlamaCppLibrary library, float multiplier, float growth, int allowedLength, int range, int[][] breakers)
    {
        nint function = Export(library, "_Z30llama_sampler_init_dry_testingffiiRKSt6vectorIS_IiSaIiEESaIS1_EE");
        int* tokens = stackalloc int[breakers.Sum(breaker => breaker.Length) + 1];
        Vector* vectors = stackalloc Vector[breakers.Length + 1];
        int used = 0;
        for (int index = 0; index < breakers.Length; index++)
        {
            breakers[index].CopyTo(new Span<int>(tokens + used, breakers[index].Length));
            vectors[index].Begin = (nint)(tokens + used);
            used += breakers[index].Length;
            vectors[index].End = vectors[index].Capacity = (nint)(tokens + used);
        }

        Vector all = new() { Begin = (nint)vectors, End = (nint)(vectors + breakers.Length), Capacity = (nint)(vectors + breakers.Length) };
        return new(library, ((delegate* unmanaged[Cdecl]<float, float, int, int, Vector*, nint>)function)(multiplier, growth, allowedLength, range, &all));
    }

    /// <summary>Tells the sampler of a token of the text.</summary>
    public void Accept(int token) => ((delegate* unmanaged[Cdecl]<nint, int, void>)Export(_library, "llama_sampler_accept"))(_sampler, token);

    /// <summary>Applies the sampler to the scores of a vocabulary.</summary>
    /// <returns>The scores that it leaves, minus infinity for a token that it takes out, and the token that it draws, -1 for none.</returns>
    public (float[] Logits, int Token) Apply(float[] logits)
    {
        Candidate[] candidates = [.. logits.Select((logit, id) => new Candidate { Token = id, Logit = logit })];
        float[] left = new float[logits.Length];
        Array.Fill(left, float.NegativeInfinity);
        fixed (Candidate* data = candidates)
        {
            Candidates all = new() { Data = data, Count = (nuint)candidates.Length, Selected = -1 };
            ((delegate* unmanaged[Cdecl]<nint, Candidates*, void>)Export(_library, "llama_sampler_apply"))(_sampler, &all);
            foreach (Candidate candidate in new ReadOnlySpan<Candidate>(all.Data, (int)all.Count))
            {
                left[candidate.Token] = candidate.Logit;
            }

            return (left, all.Selected < 0 ? -1 : all.Data[all.Selected].Token);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_sampler != 0)
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)Export(_library, "llama_sampler_free"))(_sampler);
            _sampler = 0;
        }
    }

    private static nint Export(LlamaCppLibrary library, string name) => NativeLibrary.GetExport(library.Handle, name);

    /// <summary><c>llama_token_data</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Candidate
    {
        public int Token;
        public float Logit;
        public float Probability;
    }

    /// <summary><c>llama_token_data_array</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Candidates
    {
        public Candidate* Data;
        public nuint Count;
        public long Selected;
        public byte IsSorted;
    }

    /// <summary><c>std::vector</c> of libstdc++.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Vector
    {
        public nint Begin;
        public nint End;
        public nint Capacity;
    }
}
