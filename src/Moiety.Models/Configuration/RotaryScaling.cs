using System.Text.Json.Serialization;

namespace Moiety.Models.Configuration;

/// <summary>A change of the rotary frequencies that lets a model read further than it was trained; one derived record for each published rule.</summary>
[JsonDerivedType(typeof(LinearRotaryScaling), "linear")]
[JsonDerivedType(typeof(Llama3RotaryScaling), "llama3")]
[JsonDerivedType(typeof(YarnRotaryScaling), "yarn")]
[JsonDerivedType(typeof(FactorRotaryScaling), "factors")]
public abstract record RotaryScaling;
