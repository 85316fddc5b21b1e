namespace EbpfLb.Testing;

/// <summary>
/// This test proves a rule of a section of docs/contract.md. Tests of one rule give the same words; docs/conformance.md is made of them.
/// </summary>
/// <param name="section">The number of the section, such as "5.2"; "19.3" is the third of the list of section 19.</param>
/// <param name="rule">What is proven, in a sentence.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class ContractAttribute(string section, string rule) : Attribute
{
    public string Section { get; } = section;

    public string Rule { get; } = rule;
}
