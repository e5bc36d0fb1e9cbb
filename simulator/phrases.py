"""What Brazilian buyers and sellers write, for conversations that look alive."""

QUESTIONS = (
    "Bom dia! Tem na cor azul?",
    "Vocês emitem nota fiscal?",
    "Serve para o modelo de 2023?",
    "Qual o prazo de entrega para Curitiba?",
    "O produto é original e tem garantia?",
    "Tem disponível para pronta entrega?",
    "Aceita troca se não servir?",
    "Qual a medida exata da caixa?",
    "Comprando duas unidades tem desconto?",
    "Funciona em 220V?",
)
ANSWERS = (
    "Olá! Temos sim, pode comprar que enviamos hoje mesmo.",
    "Boa tarde! Emitimos nota fiscal em todas as vendas.",
    "Oi! Serve perfeitamente. Ficamos à disposição.",
    "Olá! O prazo aparece ao informar o CEP no anúncio.",
    "Sim, produto original com garantia de 90 dias.",
)
BUYER_MESSAGES = (
    "Oi, quando vocês enviam?",
    "Recebi o produto, muito obrigado!",
    "Podem mandar a nota fiscal?",
    "O pacote chegou com a caixa amassada, mas está tudo certo.",
    "Preciso da cor preta, ainda dá para trocar?",
    "O rastreio não atualiza desde ontem.",
)
SELLER_MESSAGES = (
    "Olá! Seu pedido sai hoje.",
    "A nota fiscal segue em anexo. Obrigado pela compra!",
    "Conferimos aqui e já está a caminho.",
    "Sem problema, vamos verificar e retornamos.",
)
CLAIM_MESSAGES = (
    "O produto chegou com defeito.",
    "Veio uma peça diferente da anunciada.",
    "O pacote não chegou.",
    "Falta um item na caixa.",
)
CLAIM_REPLIES = (
    "Sentimos muito. Pode enviar uma foto, por favor?",
    "Vamos resolver: prefere a troca ou o reembolso?",
)
