namespace Moiety.Planning.Clusters;

/// <summary>In which numbers matrix products run.</summary>
public enum ComputePrecision
{
    /// <summary>16 bits (bfloat16 or half), summed in 32.</summary>
    Bf16,

    /// <summary>32 bits.</summary>
    Fp32,

    /// <summary>8 bits.</summary>
    Fp8,
}
